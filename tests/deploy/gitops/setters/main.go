// Writes values into the fields that are marked for an image policy, as Flux's image automation does: by the setters of
// kyaml, under the short name `$imagepolicy`.
//
// usage: setters FOLDER NAMESPACE:POLICY:FIELD=VALUE...
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/kyaml/fieldmeta"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/setters2"
)

type extension map[string]any

func main() {
	fieldmeta.SetShortHandRef("$imagepolicy")
	definitions := map[string]extension{}
	for _, argument := range os.Args[2:] {
		name, value, _ := strings.Cut(argument, "=")
		setter := extension{"setter": extension{"name": name, "value": value}}
		definitions[fieldmeta.SetterDefinitionPrefix+name] = extension{"x-k8s-cli": setter}
	}
	written, err := json.Marshal(extension{"definitions": definitions})
	if err != nil {
		log.Fatal(err)
	}
	var schema spec.Schema
	if err := json.Unmarshal(written, &schema); err != nil {
		log.Fatal(err)
	}
	reader := kio.LocalPackageReader{PackagePath: os.Args[1], PreserveSeqIndent: true}
	writer := kio.LocalPackageWriter{PackagePath: os.Args[1]}
	set := &setters2.Set{SetAll: true, SettersSchema: &schema}
	pipeline := kio.Pipeline{Inputs: []kio.Reader{reader}, Filters: []kio.Filter{setters2.SetAll(set)}, Outputs: []kio.Writer{writer}}
	if err := pipeline.Execute(); err != nil {
		log.Fatal(err)
	}
}
