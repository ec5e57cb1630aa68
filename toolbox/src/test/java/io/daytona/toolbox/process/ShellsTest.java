package io.daytona.toolbox.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The choice of a shell by {@code /etc/shells} (toolbox protocol §2.1). */
class ShellsTest {
  static Stream<Arguments> files() {
    return Stream.of(
        Arguments.of("/bin/sh\n/bin/bash\n/usr/bin/bash\n", "/usr/bin/bash"),
        Arguments.of("/bin/bash\n/bin/zsh\n", "/bin/zsh"),
        Arguments.of("/bin/zsh\n/usr/bin/zsh\n", "/usr/bin/zsh"),
        Arguments.of("# /usr/bin/zsh\n  # /bin/zsh\n/bin/bash", "/bin/bash"),
        Arguments.of("/opt/bin/bash # the best\n", "/bin/bash"),
        Arguments.of("/bin/rbash\n/bin/dash\n", "/bin/sh"),
        Arguments.of("", "/bin/sh"));
  }

  @ParameterizedTest
  @MethodSource("files")
  void theFirstPreferredOneWins(String text, String program) {
    assertEquals(program, Shells.pick(text).getFirst());
  }
}
