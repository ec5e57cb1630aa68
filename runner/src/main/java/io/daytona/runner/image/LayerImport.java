package io.daytona.runner.image;

import io.daytona.runner.HostStep;
import io.daytona.runner.jailer.JailerClient;
import io.daytona.runner.jailer.JailerCode;
import io.daytona.runner.jailer.JailerException;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.daytona.wire.failpoint.Failpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes layers of prepared tars, and drops them; a tar is removed when its layer is sealed. */
public final class LayerImport {
  private static final Logger LOG = LoggerFactory.getLogger(LayerImport.class);

  private final JailerClient jailer;
  private final PreparedImages images;
  private final Failpoints failpoints;
  private final ReentrantLock oneAtATime = new ReentrantLock();

  /**
   * @param jailer unpacks
   * @param images where the tars are
   * @param failpoints places behind the steps
   */
  public LayerImport(JailerClient jailer, PreparedImages images, Failpoints failpoints) {
    this.jailer = jailer;
    this.images = images;
    this.failpoints = failpoints;
  }

  /**
   * Makes a layer usable; one that is there already is fine.
   *
   * @throws DaytonaException 404 when there is neither layer nor tar
   */
  public void run(String layer) {
    if (!PreparedImages.isLayer(layer)) {
      throw DaytonaException.badRequest("a layer's id is 8 to 64 of a-z and 0-9");
    }
    oneAtATime.lock();
    try {
      Path tar = images.tar(layer);
      if (!jailer.list().layers().contains(layer)) {
        unpack(layer, tar);
        HostStep.LAYER_SEALED.passed(failpoints);
      }
      Files.deleteIfExists(tar);
    } catch (JailerException e) {
      throw e.toClient("import the image layer " + layer);
    } catch (IOException e) {
      throw DaytonaException.of(
          ErrorKind.INTERNAL, "The tar of image layer " + layer + " cannot be read", e);
    } finally {
      oneAtATime.unlock();
    }
  }

  /**
   * Removes a layer and what is left of its image; an absent one is fine.
   *
   * @return false while something mounts it: then nothing is removed
   * @throws JailerException when the jailer fails
   */
  public boolean drop(String layer) {
    try {
      jailer.layerDrop(layer);
    } catch (JailerException e) {
      if (e.code() == JailerCode.BUSY) {
        return false;
      }
      throw e;
    }
    HostStep.LAYER_DROPPED.passed(failpoints);
    images.forget(layer);
    return true;
  }

  private void unpack(String layer, Path tar) throws IOException {
    if (!Files.isRegularFile(tar, LinkOption.NOFOLLOW_LINKS)) {
      throw DaytonaException.notFound(
          "There is no image layer "
              + layer
              + " on this host: its image has to be built or imported first");
    }
    long begun = System.nanoTime();
    jailer.layerImport(layer, tar);
    LOG.info("layer {} imported in {} ms", layer, (System.nanoTime() - begun) / 1_000_000);
  }
}
