/** The OpenAPI document of endpoint tables. */
@NullMarked
package io.daytona.http.openapi;

import org.jspecify.annotations.NullMarked;
