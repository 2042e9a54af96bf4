// Command alertmanager-webhook reads one webhook message on its input and decodes it into Alertmanager's own type, with unknown
// fields refused. It prints what it read as Alertmanager would write it, so that a test can hold that against what was sent.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/prometheus/alertmanager/notify/webhook"
)

func main() {
	var message webhook.Message
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&message); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(message); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
