// CustomResourceDefinitions of others, which tests install to check what we write for them.
module other-crds

go 1.25.0

require (
	github.com/argoproj/argo-cd/v3 v3.1.0
	github.com/prometheus-operator/prometheus-operator v0.86.1
)
