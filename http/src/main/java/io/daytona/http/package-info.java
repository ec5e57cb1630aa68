/** The typed endpoint table and its binding to Javalin. */
@NullMarked
package io.daytona.http;

import org.jspecify.annotations.NullMarked;
