package io.daytona.toolbox.info;

import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.toolbox.SandboxCalls;
import java.util.List;

/** Directories and version of a sandbox (toolbox protocol §9). */
public final class InfoEndpoints {
  private final SandboxCalls calls;
  private final String version;

  /**
   * @param calls finds sandboxes
   * @param version release that {@code /version} answers
   */
  public InfoEndpoints(SandboxCalls calls, String version) {
    this.calls = calls;
    this.version = version;
  }

  /** The table's rows. */
  public List<Endpoint<?, ?>> all() {
    return List.of(
        Endpoint.get(
            "/version",
            "GetVersion",
            "Gets the release of the toolbox.",
            Access.MEMBER,
            VersionReply.class,
            call -> new VersionReply(version)),
        Endpoint.get(
            "/work-dir",
            "GetWorkDir",
            "Gets the directory that commands run in unless told otherwise.",
            Access.MEMBER,
            DirectoryReply.class,
            call -> new DirectoryReply(calls.sandbox(call).workdir())),
        home("/user-home-dir", "GetUserHomeDir", "Gets the home directory of the user."),
        home("/project-dir", "GetProjectDir", "Gets the home directory, as old clients ask."));
  }

  private Endpoint<Void, DirectoryReply> home(String path, String operation, String summary) {
    return Endpoint.get(
        path,
        operation,
        summary,
        Access.MEMBER,
        DirectoryReply.class,
        call -> new DirectoryReply(calls.sandbox(call).home()));
  }
}
