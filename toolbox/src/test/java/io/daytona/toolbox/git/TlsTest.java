package io.daytona.toolbox.git;

import static io.daytona.toolbox.Replies.assertError;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Certificates of git servers are checked unless a request says otherwise. */
@Timeout(120)
@Tag("slow")
class TlsTest {
  @Test
  void aCertificateThatNobodyTrusts() throws Exception {
    try (GitBox box = GitBox.start();
        HttpGitServer server = HttpGitServer.startWithTls("ann:secret-pass")) {
      String hash = server.repositoryWithCommits("x.git").getFirst();
      String url = server.url("x.git");
      Object[] login = {"path", "repo", "url", url, "username", "ann", "password", "secret-pass"};
      assertError(box.post("clone", login), 502, "GIT_TRANSPORT_FAILED", "");
      assertError(
          box.post("clone", and(login, "insecure_skip_tls", false)),
          502,
          "GIT_TRANSPORT_FAILED",
          "");
      assertError(box.postAs("0.190.0", "clone", login), 500, "INTERNAL_SERVER_ERROR", "");
      assertFalse(Files.exists(box.work().resolve("repo")));
      assertFalse(server.log().contains("GET"), server.log());
      box.done("clone", and(login, "insecure_skip_tls", true));
      assertEquals("main", box.status("repo").get("currentBranch").textValue());
      // For this request only.
      assertError(box.post("pull", login), 502, "GIT_TRANSPORT_FAILED", "");
      login[1] = "detached";
      box.done("clone", and(and(login, "insecure_skip_tls", true), "commit_id", hash));
      assertEquals("HEAD", box.status("detached").get("currentBranch").textValue());
    }
  }

  private static Object[] and(Object[] body, Object key, Object value) {
    Object[] all = java.util.Arrays.copyOf(body, body.length + 2);
    all[body.length] = key;
    all[body.length + 1] = value;
    return all;
  }
}
