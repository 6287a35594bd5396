// Reads each FILE with klauspost/compress in each of its ways; the result must be FILE.content.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

func streamed(data []byte, options ...zstd.DOption) ([]byte, error) {
	reader, err := zstd.NewReader(bytes.NewReader(data), options...)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return io.ReadAll(reader)
}

func whole(data []byte) ([]byte, error) {
	reader, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return reader.DecodeAll(data, nil)
}

func main() {
	wrong := false
	check := func(name, way string, got []byte, err error, content []byte) {
		if err != nil || !bytes.Equal(got, content) {
			fmt.Fprintf(os.Stderr, "%s: %s: %d of %d bytes: %v\n", name, way, len(got), len(content), err)
			wrong = true
		}
	}
	for _, name := range os.Args[1:] {
		data, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		content, err := os.ReadFile(name + ".content")
		if err != nil {
			panic(err)
		}
		got, err := whole(data)
		check(name, "whole", got, err, content)
		got, err = streamed(data)
		check(name, "as a stream", got, err, content)
		got, err = streamed(data, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		check(name, "as a stream, with one thread", got, err, content)
	}
	if wrong {
		os.Exit(1)
	}
	fmt.Println("klauspost/compress read", len(os.Args)-1, "files in three ways")
}
