"""The only place with network I/O: carries out operations, sends their calls, repeats, classifies, redacts."""
