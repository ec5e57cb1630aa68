package io.daytona.wire.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SandboxStateTest {
  @ParameterizedTest
  @EnumSource
  void everyStateHasItsWireName(SandboxState state) {
    assertEquals(state, SandboxState.ofWire(state.wire()));
  }

  @Test
  void anUnknownNameIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> SandboxState.ofWire("STARTED"));
    assertThrows(IllegalArgumentException.class, () -> SandboxState.ofWire("flying"));
  }
}
