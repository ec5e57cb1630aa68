package io.daytona.control.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.wire.error.DaytonaException;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DisplayNameTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "box",
        "My box (2)",
        "a/b",
        "a < b",
        "1>2",
        "data",
        "größe",
        "日本",
        "a:b",
        "wwwhat",
        "x=y&z"
      })
  void acceptsWhatPeopleWrite(String name) {
    assertEquals(name, DisplayName.check("name", name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<script>",
        "a</b>",
        "<img src=x>",
        "http://x",
        "HTTPS://x",
        "ftp://x",
        "www.x.org",
        "data:text/html,x",
        "mailto:a@b",
        "javascript:x",
        "a\tb",
        "a\u0085b",
        ""
      })
  void refusesTagsUrlsAndControlCharacters(String name) {
    assertThrows(DaytonaException.class, () -> DisplayName.check("name", name));
  }

  /** The patterns alone would take an hour. */
  @ParameterizedTest
  @ValueSource(strings = {"a", "<a"})
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aLongOneIsNotLookedThrough(String piece) {
    assertThrows(DaytonaException.class, () -> DisplayName.check("name", piece.repeat(1_000_000)));
  }
}
