package main

import (
	_ "example.test/Upper/Case"
	_ "example.test/direct"
	_ "example.test/local"
	_ "example.test/multi"
	_ "example.test/multi/v2"
	_ "example.test/old"
	_ "example.test/pseudo"
	_ "example.test/replaced"
	_ "example.test/tool"
)

func main() {}
