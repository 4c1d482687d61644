"""The only place with I/O: drives flows, sends their calls, repeats what may be repeated, classifies, redacts."""
