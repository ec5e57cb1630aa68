package io.daytona.runner.image;

import io.daytona.runner.jailer.JailerClient;
import io.daytona.runner.jailer.JailerException;
import io.daytona.runner.upkeep.Chore;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The read-only layer of the platform's own programs, which every sandbox has at {@code /.daytona}.
 *
 * <p>A running sandbox keeps the layer it was started with; a layer of an earlier release is
 * dropped when no sandbox has it any more.
 */
public final class ToolsLayer implements Chore {
  /** Name of the image definition, {@code images/tools}. */
  public static final String IMAGE = "tools";

  private static final Logger LOG = LoggerFactory.getLogger(ToolsLayer.class);

  private final PreparedImages images;
  private final LayerImport layers;
  private final List<String> earlier = new ArrayList<>();
  private String current = JailerClient.NO_TOOLS;
  private boolean due;

  /**
   * @param images where builds leave them
   * @param layers imports and drops them
   */
  public ToolsLayer(PreparedImages images, LayerImport layers) {
    this.images = images;
    this.layers = layers;
  }

  /**
   * Takes the layer that was built or asked for last, importing it where that has not been done.
   * One that cannot be imported is left out: sandboxes then get the one before, or none.
   */
  public synchronized void choose() {
    current = JailerClient.NO_TOOLS;
    earlier.clear();
    for (String layer : images.latestFirst(IMAGE)) {
      if (!current.equals(JailerClient.NO_TOOLS)) {
        earlier.add(layer);
      } else if (imported(layer)) {
        current = layer;
      }
    }
    due = !earlier.isEmpty();
  }

  private boolean imported(String layer) {
    try {
      layers.run(layer);
      return true;
    } catch (DaytonaException e) {
      LOG.error("the tools layer {} cannot be used: run ./daytona up again", layer, e);
      if (e.kind() == ErrorKind.NOT_FOUND) {
        images.forget(layer); // else its build would take it for done
      }
      return false;
    }
  }

  /** The layer for the next sandbox, or {@link JailerClient#NO_TOOLS}. */
  public synchronized String current() {
    return current;
  }

  /** A sandbox has ended: what it had may be free now. */
  public synchronized void released() {
    due = true;
  }

  @Override
  public String name() {
    return "dropping tools of earlier releases";
  }

  @Override
  public synchronized @Nullable Runnable next(boolean busy) {
    if (busy || !due || earlier.isEmpty()) {
      return null;
    }
    due = false;
    List<String> now = List.copyOf(earlier);
    return () -> now.forEach(this::drop);
  }

  private void drop(String layer) {
    try {
      if (!layers.drop(layer)) {
        return; // until a sandbox ends
      }
    } catch (JailerException e) {
      released();
      throw e;
    }
    synchronized (this) {
      earlier.remove(layer);
    }
    LOG.info("the tools layer {} of an earlier release is dropped", layer);
  }
}
