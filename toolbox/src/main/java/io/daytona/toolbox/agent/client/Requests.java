package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentException;
import java.time.Duration;
import java.util.regex.Pattern;

/** Sends requests on a connection and waits for their replies. */
final class Requests {
  /** How long the agent may take to accept a request. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Connection connection;

  Requests(Connection connection) {
    this.connection = connection;
  }

  /**
   * A stream that goes on after its reply.
   *
   * @param stream where output comes and input goes
   * @param reply what the agent replied
   */
  record Opened(AgentStream stream, Fields reply) {}

  /** Turns what the agent sent into a value. */
  @FunctionalInterface
  interface Decoding<T> {
    T decode() throws ProtocolViolation;
  }

  Opened open(FieldsBuilder request) {
    return open(request, PATIENCE);
  }

  Opened open(FieldsBuilder request, Duration patience) {
    AgentStream stream = connection.open(request);
    return new Opened(stream, stream.awaitReply(patience));
  }

  Fields call(FieldsBuilder request) {
    return call(request, PATIENCE);
  }

  Fields call(FieldsBuilder request, Duration patience) {
    return connection.call(request).awaitReply(patience);
  }

  /** A listing, which holds on to the connection to break it when an entry is malformed. */
  StreamListing list(FieldsBuilder request) {
    return new StreamListing(connection, open(request).stream());
  }

  /** Heads of files or results of a series, which share a stream with contents. */
  SeriesHeads heads(AgentStream stream, Duration patience) {
    return new SeriesHeads(connection, stream, patience);
  }

  /**
   * Decodes; a value that the protocol does not allow ends the connection.
   *
   * @throws AgentException lost
   */
  <T> T checked(Decoding<T> decoding) {
    try {
      return decoding.decode();
    } catch (ProtocolViolation e) {
      throw connection.violated(e);
    }
  }

  /** The value if it has the form of what it is. */
  static String matching(Pattern pattern, String value, String what) throws ProtocolViolation {
    if (!pattern.matcher(value).matches()) {
      throw new ProtocolViolation("a malformed " + what);
    }
    return value;
  }
}
