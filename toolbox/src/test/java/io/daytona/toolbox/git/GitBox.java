package io.daytona.toolbox.git;

import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The toolbox over an agent that sees the root of this host as an image, plus what the platform
 * brings, and whose user has an empty home directory.
 */
final class GitBox implements AutoCloseable {
  private static final String ROOT =
      """
      set -e
      root=$1 askpass=$2 project=$3 change=$4
      shift 4
      mount -t tmpfs none "$root"
      mkdir "$root/upper" "$root/work" "$root/root"
      mount -t overlay none -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" "$root/root"
      mkdir -p "$root/root/.daytona/bin" "$root/root$project"
      cp "$askpass" "${askpass%/*}/fsutil" "$root/root/.daytona/bin/"
      for shared in /proc /dev /tmp "$project"; do
        mount --rbind "$shared" "$root/root$shared"
      done
      (cd "$root/root" && eval "$change")
      exec chroot "$root/root" "$@"
      """;

  private final Path directory;
  private final ToolboxServer server;

  private GitBox(Path directory, ToolboxServer server) {
    this.directory = directory;
    this.server = server;
  }

  /** Starts one with this host's git. */
  static GitBox start() throws IOException, InterruptedException {
    return start(":", Map.of());
  }

  /** Starts one for a user of this host who may change nothing of the system. */
  static GitBox startAs(String user) throws IOException, InterruptedException {
    return start(":", Map.of(), user);
  }

  /**
   * Starts one.
   *
   * @param change shell commands that change the image, in its root directory
   * @param env variables of the sandbox
   */
  static GitBox start(String change, Map<String, String> env)
      throws IOException, InterruptedException {
    return start(change, env, "root");
  }

  private static GitBox start(String change, Map<String, String> env, String user)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("dtn-git");
    Path root = Files.createDirectory(directory.resolve("root"));
    Files.createDirectory(directory.resolve("home"));
    Path project = Path.of("..").toAbsolutePath().normalize();
    List<String> wrapper =
        List.of(
            "unshare",
            "-m",
            "sh",
            "-c",
            ROOT,
            "sh",
            root.toString(),
            askpass(project).toString(),
            project.toString(),
            change);
    RealAgent agent = RealAgent.startBy(wrapper);
    for (Path own : List.of(directory.resolve("home"), agent.work())) {
      Commands.run(own, "sh", "-c", "chmod 755 .. && chown \"$1\" .", "sh", user);
    }
    Map<String, String> all = new HashMap<>(env);
    all.put("HOME", directory.resolve("home").toString());
    return new GitBox(directory, ToolboxServer.start(agent, user, agent.work().toString(), all));
  }

  private static Path askpass(Path project) throws IOException, InterruptedException {
    Commands.run(project, "make", "-s", "-C", "agent", "build/askpass", "build/fsutil");
    return project.resolve("agent/build/askpass");
  }

  /** Where relative paths start from. */
  Path work() {
    return server.work();
  }

  /** What {@code $HOME} names. */
  Path home() {
    return directory.resolve("home");
  }

  /** The toolbox itself. */
  ToolboxServer server() {
    return server;
  }

  /** Posts to an operation; keys and values alternate. */
  HttpResponse<byte[]> post(String operation, Object... body)
      throws IOException, InterruptedException {
    return server.post("/git/" + operation, body(body));
  }

  /** Posts as a client of a release. */
  HttpResponse<byte[]> postAs(String version, String operation, Object... body)
      throws IOException, InterruptedException {
    return server.post("/git/" + operation, body(body), "X-Daytona-SDK-Version", version);
  }

  /** Posts to an operation that must succeed with an empty reply. */
  void done(String operation, Object... body) throws IOException, InterruptedException {
    HttpResponse<byte[]> reply = post(operation, body);
    assertEquals(
        List.of("init", "branches", "remotes").contains(operation) ? 201 : 200,
        reply.statusCode(),
        () -> new String(reply.body(), StandardCharsets.UTF_8));
    assertEquals(0, reply.body().length);
  }

  /** Deletes a branch. */
  HttpResponse<byte[]> deleteBranch(String path, String name)
      throws IOException, InterruptedException {
    return server.send(
        server
            .request("/git/branches", "Content-Type", "application/json")
            .method("DELETE", BodyPublishers.ofString(body("path", path, "name", name))));
  }

  /** Gets an operation; keys and values of the query alternate. */
  HttpResponse<byte[]> get(String operation, String... query)
      throws IOException, InterruptedException {
    StringBuilder uri = new StringBuilder("/git/" + operation + "?");
    for (int i = 0; i < query.length; i += 2) {
      uri.append(query[i]).append('=');
      uri.append(URLEncoder.encode(query[i + 1], StandardCharsets.UTF_8)).append('&');
    }
    return server.get(uri.toString());
  }

  /** The status of a repository. */
  JsonNode status(String path) throws IOException, InterruptedException {
    return ok(get("status", "path", path));
  }

  /** Makes a commit and answers its hash. */
  String commit(String path, String message) throws IOException, InterruptedException {
    HttpResponse<byte[]> reply =
        post("commit", "path", path, "message", message, "author", "A", "email", "a@example.com");
    assertEquals(200, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
    return json(reply).get("hash").textValue();
  }

  /** Makes a repository with one commit of one file, on the branch main; answers its hash. */
  String repository(String path) throws IOException, InterruptedException {
    done("init", "path", path, "initial_branch", "main");
    Files.writeString(work().resolve(path).resolve("file"), "one\n");
    done("add", "path", path, "files", List.of("."));
    return commit(path, "first");
  }

  /** Runs this host's git in the working directory, as somebody in the sandbox would. */
  String git(String path, String... arguments) throws IOException, InterruptedException {
    String[] command = new String[arguments.length + 1];
    command[0] = "git";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    return Commands.run(work().resolve(path), command);
  }

  private static String body(Object... pairs) throws IOException {
    if (pairs.length == 1) {
      return pairs[0].toString();
    }
    Map<String, Object> body = new HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      body.put(pairs[i].toString(), pairs[i + 1]);
    }
    return Json.mapper().writeValueAsString(body);
  }

  @Override
  public void close() throws IOException {
    server.close();
    try (var all = Files.walk(directory)) {
      for (Path path : all.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(path);
      }
    }
  }

  /** The words of a status, file by file: {@code name staging/worktree}. */
  static List<String> words(JsonNode status) {
    String[] files = new String[status.get("fileStatus").size()];
    for (int i = 0; i < files.length; i++) {
      JsonNode file = status.get("fileStatus").get(i);
      String extra = file.get("extra").textValue();
      files[i] =
          file.get("name").textValue()
              + (extra.isEmpty() ? "" : " < " + extra)
              + ": "
              + file.get("staging").textValue()
              + "/"
              + file.get("worktree").textValue();
    }
    Arrays.sort(files);
    return List.of(files);
  }
}
