package io.daytona.http;

import io.daytona.wire.access.Subject;
import java.util.Map;
import org.slf4j.MDC;

/**
 * The ids that every log line of a request carries: of the request, and of sandbox and organization
 * as soon as they are known. It belongs to the thread; {@link #carried} takes it to another one.
 */
public final class LogContext {
  /** Key of the request's id. */
  public static final String REQUEST = "request";

  /** Key of the sandbox's id. */
  public static final String SANDBOX = "sandbox";

  /** Key of the organization's id. */
  public static final String ORGANIZATION = "organization";

  private LogContext() {}

  /** This thread works for a request. */
  static void begin(String requestId) {
    MDC.put(REQUEST, requestId);
  }

  /** The request was let in; a principal that tells no ids adds none. */
  static void letIn(Object principal) {
    if (principal instanceof Subject subject) {
      MDC.put(ORGANIZATION, subject.organizationId());
      if (!subject.sandboxId().isEmpty()) {
        MDC.put(SANDBOX, subject.sandboxId());
      }
    }
  }

  /** This thread works on a sandbox. */
  public static void sandbox(String sandboxId) {
    MDC.put(SANDBOX, sandboxId);
  }

  /** This thread works on a sandbox of an organization. */
  public static void sandbox(String sandboxId, String organizationId) {
    MDC.put(SANDBOX, sandboxId);
    MDC.put(ORGANIZATION, organizationId);
  }

  /** Id of the sandbox that this thread works on; empty for none. */
  static String sandbox() {
    String id = MDC.get(SANDBOX);
    return id == null ? "" : id;
  }

  /** The ids of this thread. */
  static Map<String, String> current() {
    Map<String, String> ids = MDC.getCopyOfContextMap();
    return ids == null ? Map.of() : ids;
  }

  /** Gives this thread these ids and no others. */
  static void replace(Map<String, String> ids) {
    MDC.setContextMap(ids);
  }

  /** This thread works for nobody any more. */
  static void end() {
    MDC.clear();
  }

  /** Work for another thread, which carries the ids of this one there. */
  public static Runnable carried(Runnable work) {
    Map<String, String> ids = current();
    return () -> {
      replace(ids);
      try {
        work.run();
      } finally {
        end();
      }
    };
  }
}
