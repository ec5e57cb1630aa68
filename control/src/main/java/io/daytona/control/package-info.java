/** REST API, tenancy, life cycle and persistence of the control plane. */
@NullMarked
package io.daytona.control;

import org.jspecify.annotations.NullMarked;
