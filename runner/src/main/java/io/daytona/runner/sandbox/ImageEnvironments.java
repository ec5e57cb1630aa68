package io.daytona.runner.sandbox;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Download;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The variables an image asks for in {@code /etc/daytona/environment}: lines {@code K=V}, blank
 * lines and lines with {@code #} left out.
 *
 * <p>What a sandbox with a fresh disk shows before anybody else has reached it is its image's and
 * is kept for all sandboxes of the same layers; what an older disk shows may be its user's work and
 * serves that sandbox alone.
 */
final class ImageEnvironments {
  private static final Logger LOG = LoggerFactory.getLogger(ImageEnvironments.class);
  private static final String FILE = "/etc/daytona/environment";
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");
  private static final int MAX_BYTES = 32_768;
  private static final int MAX_ENTRIES = 128;
  private static final int MAX_CACHED = 256;
  private static final int ENOENT = 2;

  private final Map<List<String>, Map<String, String>> cache =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<String>, Map<String, String>> eldest) {
          return size() > MAX_CACHED;
        }
      };

  /** The variables for a sandbox, asking its agent only when they are not known. */
  Map<String, String> of(List<String> layers, boolean freshDisk, Agent agent) {
    Map<String, String> known = cached(layers);
    if (known != null) {
      return known;
    }
    Map<String, String> read = read(agent);
    if (freshDisk) {
      synchronized (cache) {
        cache.put(layers, read);
      }
    }
    return read;
  }

  private @Nullable Map<String, String> cached(List<String> layers) {
    synchronized (cache) {
      return cache.get(layers);
    }
  }

  private static Map<String, String> read(Agent agent) {
    try (Download download = agent.read(FILE, 0, MAX_BYTES)) {
      return parse(new String(download.bytes().readNBytes(MAX_BYTES), StandardCharsets.UTF_8));
    } catch (AgentException e) {
      if (e.code().equals(AgentException.LOST)) {
        throw e;
      }
      if (e.errno() != ENOENT) {
        LOG.warn("{} of an image cannot be read: errno {}", FILE, e.errno());
      }
      return Map.of();
    } catch (IOException e) {
      throw new AgentException(0, AgentException.LOST, "reading " + FILE + ": " + e.getMessage());
    }
  }

  static Map<String, String> parse(String text) {
    Map<String, String> env = new HashMap<>();
    for (String line : text.split("\n", -1)) {
      int equals = line.indexOf('=');
      if (equals > 0
          && env.size() < MAX_ENTRIES
          && NAME.matcher(line.substring(0, equals)).matches()
          && line.indexOf('\0') < 0) {
        env.put(line.substring(0, equals), line.substring(equals + 1).strip());
      }
    }
    return Map.copyOf(env);
  }
}
