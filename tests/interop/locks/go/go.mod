module example.test/layer

go 1.16

require (
	example.test/Upper/Case v0.1.0
	example.test/direct v1.0.0
	example.test/local v1.0.0
	example.test/multi v1.0.0
	example.test/multi/v2 v2.3.0
	example.test/old v2.0.0+incompatible
	example.test/pseudo v0.0.0-20240102030405-abcdefabcdef
	example.test/replaced v1.0.0
	example.test/tool v1.0.0
)

replace example.test/replaced v1.0.0 => example.test/fork v1.5.0

replace example.test/local => ./local
