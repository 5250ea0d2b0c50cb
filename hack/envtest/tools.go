//go:build tools

// Package envtest pins the kube-apiserver and etcd that the tests run against, so that the Go tool chain can build them
// from its module proxy where no released binaries can be downloaded.
package envtest

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
