// The CustomResourceDefinitions of the Prometheus operator, which tests install to check what we write for it.
module prometheus-crds

go 1.25.0

require github.com/prometheus-operator/prometheus-operator v0.86.1
