package io.daytona.runner.image;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.daytona.wire.runner.PreparedImage;
import io.daytona.wire.runner.PreparedImage.Offer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory where image builds leave {@code <layer>.tar} and its description {@code
 * <layer>.json}, which is renamed into place last.
 */
public final class PreparedImages {
  private static final Logger LOG = LoggerFactory.getLogger(PreparedImages.class);
  private static final Pattern LAYER = Pattern.compile("[a-z0-9]{8,64}");
  private static final Pattern IMAGE = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final long MAX_DESCRIPTION = 65_536;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Path directory;

  /**
   * @param directory where image builds leave their results
   */
  public PreparedImages(Path directory) {
    this.directory = directory;
  }

  /** Whether a text has the shape of a layer's id. */
  public static boolean isLayer(String text) {
    return LAYER.matcher(text).matches();
  }

  /**
   * All described images, oldest first; a description that cannot be read is logged and left out.
   */
  public List<PreparedImage> list() {
    List<PreparedImage> images = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.json")) {
      for (Path file : files) {
        try {
          images.add(read(file));
        } catch (IOException e) {
          LOG.warn("the image description {} is left out: {}", file, e.getMessage());
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    } catch (IOException e) {
      LOG.warn("the directory {} of prepared images cannot be read", directory, e);
    }
    images.sort(Comparator.comparing(PreparedImage::created).thenComparing(PreparedImage::layer));
    return List.copyOf(images);
  }

  /**
   * Layers of one image whose descriptions can be read, the one described or asked for last first.
   */
  List<String> latestFirst(String image) {
    return list().stream()
        .filter(prepared -> prepared.image().equals(image))
        .map(PreparedImage::layer)
        .sorted(Comparator.comparing(this::described).reversed())
        .toList();
  }

  private FileTime described(String layer) {
    try {
      return Files.getLastModifiedTime(description(layer), LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      return FileTime.fromMillis(0); // it has gone meanwhile
    }
  }

  private Path description(String layer) {
    return directory.resolve(layer + ".json");
  }

  /** Removes what is left of a layer here, so that its build makes it anew when asked. */
  void forget(String layer) {
    try {
      Files.deleteIfExists(tar(layer));
      Files.deleteIfExists(description(layer));
    } catch (IOException e) {
      throw new UncheckedIOException("the files of the image layer " + layer, e);
    }
  }

  private PreparedImage read(Path file) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        || Files.size(file) > MAX_DESCRIPTION) {
      throw new IOException("it is not a file of at most " + MAX_DESCRIPTION + " bytes");
    }
    PreparedImage image = parse(Files.readAllBytes(file));
    if (!file.getFileName().toString().equals(image.layer() + ".json")) {
      throw new IOException("its layer does not fit its name");
    }
    return image;
  }

  /** Reads a description. */
  static PreparedImage parse(byte[] description) throws IOException {
    JsonNode root = JSON.readTree(description);
    String layer = root.path("layer").asText();
    String image = root.path("image").asText();
    if (!isLayer(layer)) {
      throw new IOException("its layer is malformed");
    }
    if (!IMAGE.matcher(image).matches()) {
      throw new IOException("its image name is malformed");
    }
    try {
      return new PreparedImage(
          image,
          layer,
          Math.max(0, root.path("size_bytes").asLong()),
          Instant.parse(root.path("created").asText()),
          offer(root.path("snapshot")));
    } catch (DateTimeParseException e) {
      throw new IOException("its time is malformed", e);
    }
  }

  private static @Nullable Offer offer(JsonNode snapshot) throws IOException {
    if (snapshot.isMissingNode()) {
      return null;
    }
    Offer offer =
        new Offer(
            snapshot.path("user").asText(),
            snapshot.path("cpu").asInt(),
            snapshot.path("memory_gib").asInt(),
            snapshot.path("disk_gib").asInt());
    if (offer.user().isEmpty()
        || Math.min(offer.cpu(), Math.min(offer.memoryGib(), offer.diskGib())) < 1) {
      throw new IOException("its snapshot lacks user, cpu, memory_gib or disk_gib");
    }
    return offer;
  }

  /** The tar of a layer; it may not exist any more, once imported. */
  public Path tar(String layer) {
    if (!isLayer(layer)) {
      throw new IllegalArgumentException("malformed layer");
    }
    return directory.resolve(layer + ".tar");
  }
}
