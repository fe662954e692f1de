"""What the benchmarks are made of: peers, workers, pictures. None of these is a benchmark itself."""
