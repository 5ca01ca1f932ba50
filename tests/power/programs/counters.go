// Counters writes what a component has executed so far, once a second, for as long as it lives: a
// component has no end that would do it.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/coverage"
	"time"
)

const folder = "/tmp/sidecar-conformance-reach"

func init() {
	go func() {
		begun := time.Now()
		for range time.Tick(time.Second) {
			if err := write(begun); err != nil {
				fmt.Fprintln(os.Stderr, "no counters:", err)
			}
		}
	}()
}

// write puts one file of this process in the place of the one before it: its counts are of its
// whole life.
func write(begun time.Time) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := coverage.WriteMetaDir(folder); err != nil {
		return err
	}
	partial, err := os.MkdirTemp(folder, "partial-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(partial)
	if err := coverage.WriteCountersDir(partial); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(partial, "covcounters.*"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("%d files in %s (%v)", len(files), partial, err)
	}
	// covcounters.HASH.PROCESS.TIME: the last part is when it was written.
	name := filepath.Base(files[0])
	name = fmt.Sprintf("%s.%d", name[:len(name)-len(filepath.Ext(name))], begun.UnixNano())
	return os.Rename(files[0], filepath.Join(folder, name))
}
