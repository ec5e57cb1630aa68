package io.daytona.toolbox.process;

import io.daytona.toolbox.chart.ChartLines;
import java.util.concurrent.atomic.AtomicLong;

/** Heap that all captured output may take together, so that no set of sandboxes exhausts it. */
public final class OutputBudget implements ChartLines.Memory {
  private final AtomicLong left;

  /**
   * @param bytes limit over all commands that run at once
   */
  public OutputBudget(long bytes) {
    this.left = new AtomicLong(bytes);
  }

  /** An eighth of the heap. */
  public static OutputBudget ofHeap() {
    return new OutputBudget(Runtime.getRuntime().maxMemory() / 8);
  }

  /** Takes bytes, or nothing and false when there are too few. */
  @Override
  public boolean take(long bytes) {
    if (left.addAndGet(-bytes) >= 0) {
      return true;
    }
    left.addAndGet(bytes);
    return false;
  }

  /**
   * Takes bytes for one who holds some already, or nothing and false: half of what that one then
   * holds must be left for others. A single command so has two thirds of all at most.
   *
   * @param held bytes it has taken and not given back
   */
  boolean takeLeavingShare(long bytes, long held) {
    while (true) {
      long now = left.get();
      if (now - bytes < (held + bytes) / 2) {
        return false;
      }
      if (left.compareAndSet(now, now - bytes)) {
        return true;
      }
    }
  }

  /** Gives bytes back. */
  @Override
  public void give(long bytes) {
    left.addAndGet(bytes);
  }
}
