package io.daytona.toolbox.git;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.wire.error.DaytonaException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses of remotes. */
class GitUrlTest {
  private static GitBox box;
  private static Running sandbox;

  @BeforeAll
  static void start() throws Exception {
    box = GitBox.start();
    sandbox = new Running("box", box.server().client(), "/home/x", "/work", "x");
  }

  @AfterAll
  static void stop() throws Exception {
    box.close();
  }

  @ParameterizedTest
  @CsvSource({
    "https://h/x.git, https://h/x.git, https://h, '', ''",
    "HTTPS://H:8443/x, https://H:8443/x, https://H:8443, '', ''",
    "https://u:p%40q@h/x, https://h/x, https://h, u, p@q",
    "https://u:p@q@h/x, https://h/x, https://h, u, p@q",
    "https://token@h/x@y, https://h/x@y, https://h, token, ''",
    "https://a+b:c%zz@h, https://h, https://h, a+b, c%zz",
    "http://u:p@h?q=@, http://h?q=@, http://h, u, p",
    "github.com/o/r, https://github.com/o/r, https://github.com, '', ''",
    "localhost:3000/o/r, https://localhost:3000/o/r, https://localhost:3000, '', ''",
    "u:tok@github.com/o/r, https://github.com/o/r, https://github.com, u, tok",
    "git@github.com:o/r.git, git@github.com:o/r.git, '', '', ''",
    "host:o/r.git, host:o/r.git, '', '', ''",
    "ssh://u:secret@h:22/x, ssh://u@h:22/x, '', '', ''",
    "ssh://h/x, ssh://h/x, '', '', ''",
    "git://h/x, git://h/x, '', '', ''",
    "file:///x, file:///x, '', '', ''",
    "/x/y, /x/y, '', '', ''",
    "~/x, /home/x/x, '', '', ''",
    "../x, /work/../x, '', '', ''"
  })
  void isReadAs(String raw, String text, String scope, String username, String password) {
    assertEquals(new GitUrl(text, scope, username, password), GitUrl.parse(sandbox, raw));
  }

  @ParameterizedTest
  @ValueSource(strings = {"git@-oProxyCommand=x:y", "-x:y", "ssh://-x@h/y", "ext::sh\u2028"})
  void isRefused(String raw) {
    assertThrows(DaytonaException.class, () -> GitUrl.parse(sandbox, raw));
  }

  @Test
  void aPathMayHoldALineSeparator() {
    assertEquals("/x\u2028y", GitUrl.parse(sandbox, "/x\u2028y").text());
  }

  /** The patterns alone would take hours. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aLongOneIsNotLookedThrough() {
    assertThrows(DaytonaException.class, () -> GitUrl.parse(sandbox, "a:".repeat(1_000_000)));
    String words = "\n".repeat(1_000_000) + "transport '".repeat(300_000);
    assertEquals(GitFault.OTHER, GitFaults.of(words));
    assertEquals(GitFault.PUSH_REJECTED, GitFaults.of("x\n ! [rejected] main -> main"));
  }

  @Test
  void oneOfWhichGitCouldNotTellIsRefused() {
    DaytonaException refused =
        assertThrows(
            DaytonaException.class, () -> GitUrl.parse(sandbox, "file:///" + "[".repeat(4000)));
    assertEquals(
        "bad request: the URL of the remote is too long, at most 4000 bytes are taken",
        refused.getMessage());
  }

  @Test
  void secretsAreNotPrinted() {
    GitUrl url = GitUrl.parse(sandbox, "https://u:hidden@h/x");
    assertFalse(url.toString().contains("hidden"));
    GitCredentials login = GitCredentials.of("u", "hidden", url).orElseThrow();
    assertFalse(login.toString().contains("hidden"));
    assertEquals("a *** b", login.hide("a hidden b"));
  }
}
