// Package node is code that a mutator is tried on: it compiles, and does nothing of use.
package node

import (
	"errors"
	"sync"
	"time"
)

const sidecarDelay = 10 * time.Second

const otherDelay = 20 * time.Second

type container struct {
	name       string
	sidecar    bool
	restarts   int
	terminated bool
}

type logger struct{}

func (logger) Info(string) {}

func (l logger) V(int) logger { return l }

type node struct {
	lock       sync.Mutex
	logger     logger
	nodeLogger logger
	containers []container
	started    []string
}

// startSidecars has a name that speaks for all of it.
func (n *node) startSidecars(limit int) (int, error) {
	n.lock.Lock()
	defer n.lock.Unlock()
	count := 0
	for i := 0; i < len(n.containers); i++ {
		if n.containers[i].terminated {
			continue
		}
		if err := n.start(n.containers[i]); err != nil {
			n.forget(n.containers[i])
			return count, err
		}
		n.logger.V(4).Info("a sidecar was started")
		n.nodeLogger.V(5).Info("another one was started")
		n.prepare(false)
		n.report(count) // comments stay where they are
		count++
	}
	if count < limit && limit > 0 {
		return count, nil
	}
	return count, nil
}

func (n *node) start(c container) error {
	if c.sidecar {
		n.started = append(n.started, c.name)
	} else {
		n.report(1)
	}
	if c.restarts > 5 {
		return errors.New("too often")
	}
	return nil
}

func (n *node) stop(order []string) {
	for _, name := range order {
		n.report(len(name))
	}
	names := append([]string{}, order...)
	sidecarNames := append(names, n.started...)
	for _, name := range sidecarNames {
		n.report(len(name))
	}
	switch {
	case len(order) == 0:
		n.report(2)
	case n.containers[0].sidecar && !n.containers[0].terminated:
		n.report(3)
	}
}

func countSidecars(all []container) map[string]container {
	found := map[string]container{}
	for _, one := range all {
		name := one.name
		found[name] = one
	}
	for i := 0; i < len(all); i++ {
		found[""] = all[0]
	}
	return found
}

func isSidecar(c container) bool {
	return c.sidecar && c.restarts == 0
}

func (n *node) forget(container) {}

func (n *node) prepare(bool) {}

func (n *node) report(int) {}

var _ = []any{sidecarDelay, otherDelay, (*node).startSidecars, (*node).stop, countSidecars, isSidecar}
