package io.daytona.toolbox.git;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Settings, stored credentials and remotes (toolbox protocol §7.4). */
@Timeout(120)
class SettingsTest extends LocalRepository {
  @Test
  void settings() throws Exception {
    box.repository(repo);
    assertEquals("{}", ok(box.get("config", "key", "test.unset")).toString());
    box.done("config", "key", "test.one", "value", "a\nb \"c\" -d");
    assertEquals("a\nb \"c\" -d", value("key", "test.one"));
    box.done("config", "key", "test.one", "value", "--global");
    assertEquals("--global", value("key", "test.one", "scope", "global"));
    box.done("config", "key", "test.one", "value", "here", "scope", "local", "path", repo);
    assertEquals("here", value("key", "test.one", "scope", "local", "path", repo));
    assertEquals("--global", value("key", "test.one"));
    box.done("config/user", "name", "Ann", "email", "ann@example.com");
    assertEquals("Ann", value("key", "user.name"));
    assertEquals("ann@example.com", value("key", "user.email"));
    assertTrue(Files.readString(box.home().resolve(".gitconfig")).contains("Ann"));
    box.done("config", "key", "test.two", "value", "all", "scope", "system");
    assertEquals("all", value("key", "test.two", "scope", "system"));
    assertError(box.get("config"), 400, "BAD_REQUEST", "bad request: key is required");
    for (String key : List.of("nodot", "-x.y", "a.1", ".x", "a b.c", "a.")) {
      assertError(box.get("config", "key", key), 400, "BAD_REQUEST", "bad request: ");
      assertError(
          box.post("config", "key", key, "value", "x"), 400, "BAD_REQUEST", "bad request: ");
    }
    assertError(
        box.get("config", "key", "a.b", "scope", "wide"), 400, "BAD_REQUEST", "bad request: scope");
    assertError(
        box.get("config", "key", "a.b", "scope", "local"), 400, "BAD_REQUEST", "bad request: path");
    assertError(
        box.get("config", "key", "a.b", "scope", "local", "path", "."),
        404,
        "GIT_REPO_NOT_FOUND",
        "not found: ");
  }

  @Test
  void storedCredentials() throws Exception {
    box.done("credentials", "username", "ann", "password", "p@ss/word");
    box.done("credentials", "username", "bob", "password", "x", "host", "h:80", "protocol", "http");
    assertEquals(
        "http://bob:x@h%3a80\nhttps://ann:p%40ss%2fword@github.com\n",
        Files.readString(box.home().resolve(".git-credentials")));
    assertEquals("store", value("key", "credential.helper"));
    assertEquals(
        "[credential]\n\thelper = store\n",
        Files.readString(box.home().resolve(".gitconfig")).replaceAll("(?s)^.*(?=\\[cred)", ""));
    assertError(
        box.post("credentials", "username", "a\nb", "password", "x"),
        400,
        "BAD_REQUEST",
        "bad request: username");
    assertError(
        box.post("credentials", "username", "a", "password", "x", "host", "a/b"),
        400,
        "BAD_REQUEST",
        "bad request: host");
  }

  @Test
  void remotes() throws Exception {
    box.repository(repo);
    assertEquals("{\"remotes\":[]}", ok(box.get("remotes", "path", repo)).toString());
    box.done("remotes", "path", repo, "name", "origin", "url", "https://u:secret@h.test/x.git");
    assertEquals(
        "{\"remotes\":[{\"name\":\"origin\",\"url\":\"https://h.test/x.git\"}]}",
        ok(box.get("remotes", "path", repo)).toString());
    assertFalse(Files.readString(tree.resolve(".git/config")).contains("secret"));
    assertError(
        box.post("remotes", "path", repo, "name", "origin", "url", "git@h.test:x"),
        409,
        "CONFLICT",
        "conflict: ");
    box.done("remotes", "path", repo, "name", "origin", "url", "git@h.test:x", "overwrite", true);
    box.done("remotes", "path", repo, "name", "a.url", "url", "h.test/y");
    assertEquals(
        "{\"remotes\":[{\"name\":\"origin\",\"url\":\"git@h.test:x\"},"
            + "{\"name\":\"a.url\",\"url\":\"https://h.test/y\"}]}",
        ok(box.get("remotes", "path", repo)).toString());
    for (String name : List.of("-f", "a b", "a..b")) {
      assertError(
          box.post("remotes", "path", repo, "name", name, "url", "h/x"),
          400,
          "BAD_REQUEST",
          "bad request: ");
    }
    assertError(
        box.post("remotes", "path", repo, "name", "e", "url", "ext::sh -c id"),
        400,
        "BAD_REQUEST",
        "bad request: the transport 'ext'");
    assertError(
        box.post("push", "path", repo, "remote", "nowhere"),
        404,
        "GIT_REPO_NOT_FOUND",
        "not found: ");
    assertError(
        box.post("pull", "path", repo, "remote", "--upload-pack=id"),
        400,
        "BAD_REQUEST",
        "bad request: ");
  }

  private String value(String... query) throws Exception {
    return ok(box.get("config", query)).get("value").textValue();
  }
}
