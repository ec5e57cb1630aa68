package io.daytona.toolbox.lsp;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Spawn;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.lsp4j.jsonrpc.MessageIssueException;
import org.eclipse.lsp4j.jsonrpc.RemoteEndpoint;
import org.eclipse.lsp4j.jsonrpc.json.JsonRpcMethod;
import org.eclipse.lsp4j.jsonrpc.json.MessageJsonHandler;
import org.eclipse.lsp4j.jsonrpc.messages.Message;
import org.eclipse.lsp4j.jsonrpc.services.ServiceEndpoints;
import org.eclipse.lsp4j.services.LanguageClient;
import org.eclipse.lsp4j.services.LanguageServer;

/**
 * JSON-RPC over the pipes of a program inside the sandbox. The program is not trusted: what it
 * writes costs bounded memory, and nobody waits for it here.
 */
final class ServerPipe implements AutoCloseable {
  private static final int STDOUT = 1;
  private static final Duration FOREVER = Duration.ofDays(36_500);
  static final Map<String, JsonRpcMethod> METHODS = methods();

  /** What the library would log is what sandboxes write. */
  private static final Logger LIBRARY = Logger.getLogger("org.eclipse.lsp4j");

  static {
    LIBRARY.setLevel(Level.OFF);
  }

  private final AgentProcess process;
  private final Runnable atEnd;
  private final MessageMemory memory;
  private final LspLimits limits;
  private final Outbox outbox;
  private final MessageFramer framer;
  private final ErrorTail errors = new ErrorTail();
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private final MessageJsonHandler json = new MessageJsonHandler(METHODS);
  private final RemoteEndpoint remote;
  private final LanguageServer server;
  private long partialSince;

  private ServerPipe(
      AgentProcess process,
      LanguageClient client,
      LspLimits limits,
      MessageMemory memory,
      Runnable atEnd) {
    this.atEnd = atEnd;
    this.process = process;
    this.limits = limits;
    this.memory = memory;
    this.outbox = new Outbox(process, memory);
    this.framer = new MessageFramer(limits.messageBytes(), memory);
    this.remote = new RemoteEndpoint(this::send, ServiceEndpoints.toEndpoint(client));
    this.json.setMethodProvider(remote);
    this.server = ServiceEndpoints.toServiceObject(remote, LanguageServer.class);
  }

  /**
   * Starts a program.
   *
   * @param client answers what the program asks for and takes what it announces
   * @param memory where its messages come from
   * @param atEnd run when it has ended, perhaps more than once
   * @throws AgentException when it cannot be started
   */
  static ServerPipe start(
      Agent agent,
      Spawn program,
      LanguageClient client,
      LspLimits limits,
      MessageMemory memory,
      Runnable atEnd) {
    ServerPipe pipe = new ServerPipe(agent.spawn(program), client, limits, memory, atEnd);
    Thread.ofVirtual().name("lsp-in").start(pipe::read);
    Thread.ofVirtual().name("lsp-out").start(pipe::write);
    return pipe;
  }

  /** The server's methods; those with an answer never time out by themselves. */
  LanguageServer server() {
    return server;
  }

  /** Completed with the reason when the server has ended: continues the sentence "it …". */
  CompletableFuture<String> ended() {
    return ended;
  }

  /** Ends the server. */
  void end(String reason) {
    ended.complete(reason);
    outbox.close();
    process.close();
    atEnd.run();
  }

  @Override
  public void close() {
    end("was stopped");
  }

  private void send(Message message) {
    if (!outbox.offer(MessageFramer.frame(json.serialize(message)))) {
      end("does not read what it is sent");
    }
  }

  private void write() {
    try {
      outbox.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end("was stopped");
    }
  }

  private void read() {
    try {
      end(readToEnd());
    } catch (LspViolation e) {
      end(String.valueOf(e.getMessage()));
    } catch (AgentException e) {
      end("was lost with the connection to the sandbox");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end("was stopped");
    } finally {
      framer.close();
    }
  }

  private String readToEnd() throws InterruptedException, LspViolation {
    while (true) {
      switch (process.next(patience())) {
        case null -> throw new LspViolation("stopped in the middle of a message");
        case Output.Chunk chunk when chunk.channel() == STDOUT -> accept(chunk.bytes());
        case Output.Chunk chunk -> errors.add(chunk.bytes());
        case Output.End _ -> {}
        case Output.Exit exit -> {
          return sentence(exit.status());
        }
      }
    }
  }

  private Duration patience() {
    if (!framer.isPartial()) {
      partialSince = 0;
      return FOREVER;
    }
    if (partialSince == 0) {
      partialSince = System.nanoTime();
    }
    Duration left = limits.start().minusNanos(System.nanoTime() - partialSince);
    return left.isNegative() ? Duration.ZERO : left;
  }

  private void accept(byte[] bytes) throws LspViolation {
    framer.accept(
        bytes,
        body -> {
          // Another message has begun, or none.
          partialSince = 0;
          message(body);
        });
  }

  private void message(byte[] body) throws LspViolation {
    if (body.length <= MessageFramer.SMALL) {
      consume(body);
      return;
    }
    if (MessageFramer.values(body) > limits.messageValues()) {
      throw new LspViolation("wrote a message of more than " + limits.messageValues() + " values");
    }
    memory.large().lock();
    try {
      consume(body);
    } finally {
      memory.large().unlock();
    }
  }

  private void consume(byte[] body) throws LspViolation {
    try {
      remote.consume(parse(json, body));
    } catch (MessageIssueException e) {
      remote.handle(e.getRpcMessage(), e.getIssues());
    } catch (RuntimeException e) {
      throw new LspViolation("wrote a message that is not of its protocol", e);
    }
  }

  /**
   * Reads a message.
   *
   * @throws MessageIssueException when its parameters are not what its method takes
   */
  static Message parse(MessageJsonHandler json, byte[] body) throws LspViolation {
    try {
      return json.parseMessage(new String(body, StandardCharsets.UTF_8));
    } catch (MessageIssueException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new LspViolation("wrote a message that is not of its protocol");
    }
  }

  private String sentence(int status) {
    if (status < 0) {
      String memoryHint = status == -9 ? ", as happens when the sandbox is out of memory" : "";
      return "was killed by signal " + -status + memoryHint;
    }
    String said = errors.lastLine();
    return "ended with exit code " + status + (said.isEmpty() ? "" : ": " + said);
  }

  private static Map<String, JsonRpcMethod> methods() {
    Map<String, JsonRpcMethod> methods =
        new HashMap<>(ServiceEndpoints.getSupportedMethods(LanguageClient.class));
    methods.putAll(ServiceEndpoints.getSupportedMethods(LanguageServer.class));
    return Map.copyOf(methods);
  }
}
