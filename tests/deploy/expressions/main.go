// Evaluates expressions as Kargo does, with the language that Kargo uses: https://docs.kargo.io, Expressions.
//
// Reads {"text": …, "environment": {…}, "images": {"<repository>": "<tag>"}} and writes the text, in it the value of each
// expression between ${{ and }}; or, with "expression" in the place of "text", the value of that.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"regexp"

	"github.com/expr-lang/expr"
)

type image struct{ Tag string }

type request struct {
	Text        string
	Expression  string
	Environment map[string]any
	Images      map[string]string
}

var marked = regexp.MustCompile(`\$\{\{(.*?)\}\}`)

func main() {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer(asked)); err != nil {
		log.Fatal(err)
	}
}

func answer(asked request) any {
	if asked.Expression != "" {
		return value(asked.Expression, asked)
	}
	return marked.ReplaceAllStringFunc(asked.Text, func(found string) string {
		return fmt.Sprint(value(marked.FindStringSubmatch(found)[1], asked))
	})
}

func value(expression string, asked request) any {
	// nil when the freight of no warehouse has it, as in Kargo.
	imageFrom := expr.Function("imageFrom", func(arguments ...any) (any, error) {
		tag, found := asked.Images[arguments[0].(string)]
		if !found {
			return (*image)(nil), nil
		}
		return &image{Tag: tag}, nil
	}, new(func(string) *image))
	program, err := expr.Compile(expression, expr.Env(asked.Environment), imageFrom)
	if err != nil {
		log.Fatalf("%s: %v", expression, err)
	}
	result, err := expr.Run(program, asked.Environment)
	if err != nil {
		log.Fatalf("%s: %v", expression, err)
	}
	return result
}
