package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.Agent.EnvironmentChange;
import io.daytona.toolbox.agent.Agent.ResolvedIdentity;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The agent's verbs on what all programs of the sandbox start with. */
final class IdentityRequests {
  private final Requests requests;

  IdentityRequests(Requests requests) {
    this.requests = requests;
  }

  ResolvedIdentity identity(String hostname, Map<String, String> env, String user, String cwd) {
    Fields reply =
        requests.call(
            FieldsBuilder.verb("identity")
                .textIfAny(Tag.HOSTNAME, hostname)
                .textIfAny(Tag.USER, user)
                .textIfAny(Tag.CWD, cwd)
                .env(env));
    return requests.checked(() ->
        new ResolvedIdentity(
            absolute(reply.text(Tag.PATH)), absolute(reply.text(Tag.CWD)), reply.text(Tag.USER)));
  }

  Map<String, String> environment(EnvironmentChange change) {
    FieldsBuilder request =
        FieldsBuilder.verb("environment").textIfAny(Tag.PREFIX, change.valuePrefix());
    change.unset().forEach(name -> request.text(Tag.UNSET, name));
    Fields reply = requests.call(request.env(change.set()));
    return requests.checked(() -> variables(reply));
  }

  static Map<String, String> variables(Fields reply) throws ProtocolViolation {
    Map<String, String> all = new LinkedHashMap<>();
    for (String entry : reply.texts(Tag.ENV)) {
      int end = entry.indexOf('=');
      if (end < 1) {
        throw new ProtocolViolation("a variable without a name");
      }
      all.put(entry.substring(0, end), entry.substring(end + 1));
    }
    return Collections.unmodifiableMap(all);
  }

  private static String absolute(String path) throws ProtocolViolation {
    if (!path.startsWith("/") || path.length() > 4_096) {
      throw new ProtocolViolation("a directory that is not an absolute path");
    }
    return path;
  }
}
