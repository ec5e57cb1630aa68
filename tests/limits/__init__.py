"""One sandbox that takes all it can get, and twenty others whose latency is measured in the same run."""
