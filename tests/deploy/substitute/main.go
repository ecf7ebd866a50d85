// Substitutes variables as Flux's `postBuild.substitute` does, with Flux's own package.
//
// Reads a JSON list of texts and writes a list of what becomes of each: the text, or the error in its place. A variable
// that is not among the arguments (`name=value`) is empty, as it is in Flux unless it is told to be strict.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/fluxcd/pkg/envsubst"
)

type outcome struct {
	Text  string `json:"text"`
	Error string `json:"error"`
}

func main() {
	variables := map[string]string{}
	for _, argument := range os.Args[1:] {
		name, value, _ := strings.Cut(argument, "=")
		variables[name] = value
	}
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		log.Fatal(err)
	}
	outcomes := make([]outcome, len(texts))
	for i, text := range texts {
		outcomes[i] = substituted(text, variables)
	}
	if err := json.NewEncoder(os.Stdout).Encode(outcomes); err != nil {
		log.Fatal(err)
	}
}

func substituted(text string, variables map[string]string) outcome {
	result, err := envsubst.Eval(text, func(name string) (string, bool) { return variables[name], true })
	if err != nil {
		return outcome{Error: err.Error()}
	}
	return outcome{Text: result}
}
