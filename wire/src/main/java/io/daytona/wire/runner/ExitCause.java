package io.daytona.wire.runner;

/** Why a sandbox ended that nobody asked to end. */
public enum ExitCause {
  /** Its first process ended, by itself or killed by somebody; or nobody knows. */
  ENDED,
  /** The memory limit ended its first process. */
  OUT_OF_MEMORY,
  /** The pool of disks was nearly full and this sandbox filled it fastest: its host ended it. */
  POOL_FULL
}
