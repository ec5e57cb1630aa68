package io.daytona.toolbox;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.Agent;
import java.lang.reflect.Proxy;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Paths as clients write them. */
class SandboxPathsTest {
  @ParameterizedTest
  @CsvSource({
    "'', /srv/dir",
    "., /srv/dir",
    "a/b, /srv/dir/a/b",
    "./a, /srv/dir/./a",
    "../a, /srv/dir/../a",
    "/a/../b, /a/../b",
    "~, /home/me",
    "~/a, /home/me/a",
    "~other, /srv/dir/~other",
    "' a', '/srv/dir/ a'",
  })
  void areMadeAbsolute(String path, String absolute) {
    assertEquals(absolute, SandboxPaths.absolute(sandbox(), path));
  }

  @ParameterizedTest
  @CsvSource({"/, /", "., .", "a, a", "a/b/, b", "/a, a", "//, /", "a//b//, b"})
  void haveABaseName(String path, String name) {
    assertEquals(name, SandboxPaths.baseName(path));
  }

  @ParameterizedTest
  @CsvSource({"/, /", "/a/./b//c/, /a/b/c", "/a/../../b, /b", "/..., /..."})
  void areShownClean(String path, String clean) {
    assertEquals(clean, SandboxPaths.clean(path));
  }

  private static Running sandbox() {
    // Paths are made without asking the agent anything.
    Agent nobody =
        (Agent)
            Proxy.newProxyInstance(
                SandboxPathsTest.class.getClassLoader(),
                new Class<?>[] {Agent.class},
                (proxy, method, args) -> {
                  throw new AssertionError("the agent was asked to " + method.getName());
                });
    return new Running("id", nobody, "/home/me", "/srv/dir", "me");
  }
}
