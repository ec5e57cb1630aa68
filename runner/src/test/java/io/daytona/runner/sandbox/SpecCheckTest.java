package io.daytona.runner.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.Origin;
import io.daytona.wire.runner.SandboxSpec;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpecCheckTest {
  private static final String ID = "0b0c1e9e-4d0f-4f7a-9d43-2a4ab1d5c111";

  private static SandboxSpec spec(
      String id, List<String> layers, int size, String user, Map<String, String> env, String p) {
    return new SandboxSpec(
        id, new Origin("o1", "", ""), layers, size, size, size, user, env, List.of(), p);
  }

  private static SandboxSpec user(String user) {
    return spec(ID, List.of("01234567"), 1, user, Map.of(), "default");
  }

  private static SandboxSpec env(Map<String, String> env) {
    return spec(ID, List.of("01234567"), 1, "daytona", env, "default");
  }

  @Test
  void acceptsWhatTheJailerAndTheAgentTake() {
    SpecCheck.check(user("daytona"));
    SpecCheck.check(env(Map.of("A", "x".repeat(100_000))));
    SpecCheck.check(spec(ID, List.of("01234567"), 100, "_a.b-C9", Map.of(), "restricted"));
  }

  static Stream<SandboxSpec> impossible() {
    List<String> layers = List.of("01234567");
    return Stream.of(
        spec("s1", layers, 1, "root", Map.of(), "default"),
        spec(ID, List.of(), 1, "root", Map.of(), "default"),
        spec(ID, List.of("../etc/x"), 1, "root", Map.of(), "default"),
        spec(ID, Collections.nCopies(17, "01234567"), 1, "root", Map.of(), "default"),
        spec(ID, layers, 0, "root", Map.of(), "default"),
        spec(ID, layers, 101, "root", Map.of(), "default"),
        spec(ID, layers, 1, "root", Map.of(), "privileged"),
        env(Map.of("", "x")),
        env(Map.of("A=B", "x")),
        env(Map.of("A\0", "x")),
        env(Map.of("A", "x\0")),
        env(Map.of("A", "ä".repeat(100_000))));
  }

  @ParameterizedTest
  @MethodSource("impossible")
  void refusesTheImpossibleWithASentence(SandboxSpec spec) {
    DaytonaException e = assertThrows(DaytonaException.class, () -> SpecCheck.check(spec));
    assertEquals(400, e.kind().status());
    assertTrue(e.sentence().length() > 20);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "1a", "a:b", "../x", "a\n", "-a"})
  void refusesImpossibleUsers(String user) {
    assertThrows(DaytonaException.class, () -> SpecCheck.check(user(user)));
  }
}
