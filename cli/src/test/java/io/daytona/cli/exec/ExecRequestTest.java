package io.daytona.cli.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.daytona.cli.terminal.Terminal;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import org.apache.commons.cli.DefaultParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExecRequestTest {
  private static ExecRequest of(String... words) throws Exception {
    Terminal terminal =
        new Terminal(
            Map.of(),
            InputStream.nullInputStream(),
            true,
            OutputStream.nullOutputStream(),
            OutputStream.nullOutputStream(),
            "");
    return ExecRequest.of(
        new DefaultParser().parse(new ExecCommand(terminal).options(), words), false);
  }

  @Test
  void severalWordsAreAProgramAndItsArguments() throws Exception {
    ExecRequest request = of("s", "--", "printf", "%s", "a b", "", "--", "-x", "@f");
    assertEquals("s", request.sandbox());
    assertEquals(List.of("printf", "%s", "a b", "", "--", "-x", "@f"), request.body().get("argv"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ls", "/usr/bin/env", "./run.sh", "g++", "python3.13"})
  void aPlainWordIsAProgram(String word) throws Exception {
    assertEquals(List.of(word), of("s", "--", word).body().get("argv"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ls -l", "a|b", "echo $HOME", "~/run", "two\nlines", "a=b;c", "*"})
  void anyOtherSingleWordIsForTheShell(String word) throws Exception {
    assertEquals(word, of("s", "--", word).body().get("command"));
  }

  @Test
  void optionsStandAnywhereBeforeTheDashes() throws Exception {
    Map<String, ?> body =
        of("--cwd=/a b", "s", "--timeout", "7", "-e", "A=b=c", "--env", "D=", "--", "ls", "--cwd")
            .body();
    assertEquals("/a b", body.get("cwd"));
    assertEquals(7L, body.get("timeout"));
    assertEquals(Map.of("A", "b=c", "D", ""), body.get("envs"));
    assertEquals(List.of("ls", "--cwd"), body.get("argv"));
  }
}
