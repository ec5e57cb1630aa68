package io.daytona.http;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;

/**
 * Serves one row of an endpoint table: authenticates, reads the body, runs the handler, replies.
 */
final class EndpointHandler<B, R> implements Handler {
  private final Mount mount;
  private final Endpoint<B, R> endpoint;
  private final Shared shared;

  EndpointHandler(Mount mount, Endpoint<B, R> endpoint, Shared shared) {
    this.mount = mount;
    this.endpoint = endpoint;
    this.shared = shared;
  }

  @Override
  public void handle(Context context) {
    Exchange exchange = EdgeHandler.exchange(context.req());
    Replies replies = new Replies(context.res(), exchange);
    Runnable finished = () -> {};
    exchange.operation(endpoint.operation());
    if (endpoint.method() == Method.ANY) {
      exchange.rests();
    }
    LogContext.begin(exchange.requestId());
    try (Shared.Part part = shared.part()) {
      JavalinCall<B> call = new JavalinCall<>(context, exchange, mount.prefix() + endpoint.path());
      if (!(endpoint.access() instanceof Access.Public)) {
        Object principal = mount.authenticator().authenticate(call, endpoint);
        call.principal(principal);
        LogContext.letIn(principal);
        String organization = Shared.organization(principal);
        part.belongsTo(organization);
        if (!exchange.connection(known -> shared.keeps(known, organization))) {
          context.res().setHeader("Connection", "close");
        }
      }
      finished = mount.observer().started(call, endpoint);
      readBody(context.req(), part, call);
      R reply = endpoint.handler().handle(call);
      replies.success(endpoint, reply);
    } catch (Exception e) {
      replies.failure(mount.errors(), e);
    } catch (LinkageError | StackOverflowError | AssertionError e) {
      replies.failure(mount.errors(), new IllegalStateException(e));
    } finally {
      finished.run();
      exchange.remember();
      LogContext.end();
    }
  }

  private void readBody(HttpServletRequest request, Shared.Part part, JavalinCall<B> call)
      throws IOException, InterruptedException {
    if (endpoint.body() == InputStream.class) {
      call.body(endpoint.body().cast(request.getInputStream()));
    } else if (endpoint.body() != Void.class) {
      call.body(
          JsonBody.read(
              request, mount.maxJsonBytes(), part.body(), call::whenClientLeaves, endpoint.body()));
    }
  }
}
