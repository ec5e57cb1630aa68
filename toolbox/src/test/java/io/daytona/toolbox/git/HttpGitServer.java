package io.daytona.toolbox.git;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A real git server over HTTP or HTTPS: {@code tests/git-server/http_server.py}. */
final class HttpGitServer implements AutoCloseable {
  private final Path directory;
  private final Process process;
  private final BufferedReader words;
  private final String address;
  private final int port;

  private HttpGitServer(Path directory, Process process, String scheme) throws IOException {
    this.directory = directory;
    this.process = process;
    this.words =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = words.readLine();
    if (line == null) {
      throw new IOException("the git server did not start");
    }
    this.port = Integer.parseInt(line);
    this.address = scheme + "://127.0.0.1:" + port;
  }

  /** Starts a server; {@code credentials} is {@code user:password} or empty. */
  static HttpGitServer start(String credentials) throws IOException, InterruptedException {
    return start(credentials, false);
  }

  /** The same over TLS with a certificate that nobody trusts. */
  static HttpGitServer startWithTls(String credentials) throws IOException, InterruptedException {
    return start(credentials, true);
  }

  private static HttpGitServer start(String credentials, boolean tls)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("dtn-git-server");
    Path program =
        Path.of("").toAbsolutePath().resolveSibling("tests").resolve("git-server/http_server.py");
    List<String> command = new ArrayList<>(List.of("python3", program.toString()));
    command.add(directory.toString());
    command.add(directory.resolve("requests.log").toString());
    if (tls) {
      command.add(certificate(directory).toString());
    }
    Process process =
        new ProcessBuilder(command)
            .redirectError(Redirect.appendTo(directory.resolve("errors.log").toFile()))
            .start();
    HttpGitServer server;
    tell(process, credentials);
    server = new HttpGitServer(directory, process, tls ? "https" : "http");
    return server;
  }

  private static Path certificate(Path directory) throws IOException, InterruptedException {
    Commands.run(
        directory,
        "sh",
        "-c",
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
            + " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2> /dev/null"
            + " && cat key.pem cert.pem > both.pem");
    return directory.resolve("both.pem");
  }

  private static void tell(Process process, String line) throws IOException {
    OutputStream input = process.getOutputStream();
    input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    input.flush();
  }

  /** Address of a path on it. */
  String url(String path) {
    return address + "/" + path;
  }

  /** The same with credentials in it. */
  String urlWith(String userinfo, String path) {
    return url(path).replace("://", "://" + userinfo + "@");
  }

  /** Host and port. */
  String host() {
    return "127.0.0.1:" + port;
  }

  /** Waits until it holds an answer back. */
  void awaitHeld() throws IOException {
    @Nullable String line = words.readLine();
    if (!"held".equals(line)) {
      throw new IOException("the git server said " + line);
    }
  }

  /** Lets the answer go. */
  void release() throws IOException {
    tell(process, "");
  }

  /** Everything that it has written down. */
  String log() throws IOException {
    Path requests = directory.resolve("requests.log");
    return (Files.exists(requests) ? Files.readString(requests) : "")
        + Files.readString(directory.resolve("errors.log"));
  }

  /** The directory of a repository. */
  Path repository(String name) {
    return directory.resolve(name);
  }

  /** Makes a bare repository without a commit. */
  void empty(String name) throws IOException, InterruptedException {
    Commands.run(directory, "git", "init", "-q", "--bare", "-b", "main", name);
    Commands.run(repository(name), "git", "config", "http.receivepack", "true");
  }

  /**
   * Makes a bare repository with two commits on {@code main}, one more on {@code test}, and one on
   * no branch.
   *
   * @return the hashes: first, second, of test, of none
   */
  List<String> repositoryWithCommits(String name) throws IOException, InterruptedException {
    empty(name);
    String script =
        """
        set -e
        git init -q -b main "$1.tree" && cd "$1.tree"
        echo one > file && git add . && git commit -q -m first && git rev-parse HEAD
        echo two > file && git commit -q -a -m second && git rev-parse HEAD
        git checkout -q -b test && echo test > file && git commit -q -a -m test
        git rev-parse HEAD
        git push -q "../$1" main test
        git commit -q --allow-empty -m lost && git rev-parse HEAD
        git push -q "../$1" HEAD:refs/hidden/lost
        """;
    return Commands.run(directory, "sh", "-c", script, "sh", name).lines().toList();
  }

  /** Adds a commit to a branch, as somebody else would. */
  void commit(String name, String branch, String text) throws IOException, InterruptedException {
    String script =
        """
        set -e
        cd "$1.tree" && git fetch -q "../$1" "$2" && git checkout -q FETCH_HEAD
        echo "$3" > file && git add . && git commit -q -m "$3" && git push -q "../$1" "HEAD:$2"
        """;
    Commands.run(directory, "sh", "-c", script, "sh", name, branch, text);
  }

  /** Puts a hook into a repository. */
  void hook(String name, String hook, String script) throws IOException, InterruptedException {
    Path file = repository(name).resolve("hooks").resolve(hook);
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    Commands.run(directory, "chmod", "+x", file.toString());
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    process.onExit().join();
    try (var all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
