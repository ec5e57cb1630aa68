package io.daytona.toolbox.session;

import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Upload;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The files of one session below {@code ~/.daytona/sessions} (toolbox protocol §3.1). They belong
 * to the sandbox, which may change them at will.
 */
final class SessionFiles {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}");
  private static final int PRIVATE = 0600;
  private static final int BUFFER = 65_536;

  private final Agent agent;
  private final String directory;

  /**
   * @param home the user's home directory
   * @param id the session's id
   */
  SessionFiles(Agent agent, String home, String id) {
    this.agent = agent;
    this.directory = SandboxPaths.join(home, ".daytona/sessions/" + name(id));
  }

  /** A directory name for any id: the id itself where it is harmless, else a digest. */
  static String name(String id) {
    if (PLAIN.matcher(id).matches()) {
      return id;
    }
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8));
      return "%" + HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  String path(String name) {
    return directory + "/" + name;
  }

  String path(Command command, String name) {
    return path(command.id() + "/" + name);
  }

  void write(String path, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (Upload file = agent.write(path, PRIVATE, true)) {
      file.write(bytes, 0, bytes.length);
      file.commit();
    }
  }

  void write(String path, InputStream in) throws IOException {
    byte[] buffer = new byte[BUFFER];
    try (Upload file = agent.write(path, PRIVATE, true)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        file.write(buffer, 0, n);
      }
      file.commit();
    }
  }

  /** The text of a file; empty when there is none that can be read. */
  Optional<String> read(String path, int maxBytes) {
    try (Download file = agent.read(path, 0, maxBytes)) {
      return Optional.of(new String(file.bytes().readAllBytes(), StandardCharsets.UTF_8));
    } catch (AgentException e) {
      if (e.errno() == 0) {
        throw e;
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new AgentException(0, AgentException.LOST, String.valueOf(e.getMessage()));
    }
  }

  void remove(Command command) {
    removeTree(directory + "/" + command.id());
  }

  void removeAll() {
    removeTree(directory);
  }

  private void removeTree(String path) {
    try {
      agent.remove(path, true);
    } catch (AgentException e) {
      if (e.errno() != Errno.ENOENT && e.errno() != Errno.ENOTDIR) {
        throw e;
      }
    }
  }
}
