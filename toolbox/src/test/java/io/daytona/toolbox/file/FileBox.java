package io.daytona.toolbox.file;

import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A toolbox with the platform's programs, and a directory of its own for each test. */
final class FileBox implements AutoCloseable {
  private final ToolboxServer server;
  private int directories;

  private FileBox(ToolboxServer server) {
    this.server = server;
  }

  static FileBox start() throws IOException, InterruptedException {
    return new FileBox(ToolboxServer.start(RealAgent.startWithTools()));
  }

  /** The same as another user than root, in a directory of that user. */
  static FileBox startAs(String user) throws IOException, InterruptedException {
    RealAgent agent = RealAgent.startWithTools();
    Path home = agent.work().resolve("home");
    Files.createDirectory(home);
    Files.setPosixFilePermissions(
        agent.work().getParent(), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setOwner(
        home, home.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user));
    return new FileBox(ToolboxServer.start(agent, user, home.toString()));
  }

  ToolboxServer server() {
    return server;
  }

  /** A new directory below the working directory. */
  Path directory() throws IOException {
    return Files.createDirectory(server.work().toRealPath().resolve("d" + directories++));
  }

  HttpResponse<byte[]> get(String route, String... query) throws IOException, InterruptedException {
    return call("GET", route, query);
  }

  HttpResponse<byte[]> post(String route, String... query)
      throws IOException, InterruptedException {
    return call("POST", route, query);
  }

  /** Names and values of the query alternate. */
  HttpResponse<byte[]> call(String method, String route, String... query)
      throws IOException, InterruptedException {
    StringBuilder uri = new StringBuilder(route);
    for (int i = 0; i < query.length; i += 2) {
      uri.append(i == 0 ? '?' : '&').append(query[i]).append('=').append(encoded(query[i + 1]));
    }
    return server.send(server.request(uri.toString()).method(method, BodyPublishers.noBody()));
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  static String text(HttpResponse<byte[]> reply) {
    return new String(reply.body(), StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
