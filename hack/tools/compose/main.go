// compose prints what `docker compose config --format json` would: the project with variables and profiles resolved, by the
// library that docker compose reads its files with. Arguments: the file, then profiles. Variables come from the environment
// and from ENV_FILES (separated by commas, later ones win); without it from .env beside the file.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(file string, profiles []string) error {
	var envFiles []string
	if list := os.Getenv("ENV_FILES"); list != "" {
		envFiles = strings.Split(list, ",")
	}
	options, err := cli.NewProjectOptions([]string{file},
		cli.WithOsEnv, cli.WithEnvFiles(envFiles...), cli.WithDotEnv, cli.WithProfiles(profiles))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	text, err := project.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}
