package io.daytona.toolbox.git;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.daytona.toolbox.SandboxDirectory.Running;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @Test
  void secretsAreNotPrinted() {
    GitUrl url = GitUrl.parse(sandbox, "https://u:hidden@h/x");
    assertFalse(url.toString().contains("hidden"));
    GitCredentials login = GitCredentials.of("u", "hidden", url).orElseThrow();
    assertFalse(login.toString().contains("hidden"));
    assertEquals("a *** b", login.hide("a hidden b"));
  }
}
