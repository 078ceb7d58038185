import type { ComponentChildren } from "preact";
import { Icon } from "../../icons/Icon";
import type { IconName } from "../../icons/Icon";
import "./Strip.css";

interface StripProps {
  icon: IconName;
  /** `lost` is clay and for responders alone, never on a caller's screen. */
  look?: "" | "lost" | "note";
  role?: "status" | "alert";
  children: ComponentChildren;
  action?: ComponentChildren;
}

export function Strip({ icon, look = "", role, children, action }: StripProps) {
  return (
    <div class={`strip ${look}`} role={role}>
      <Icon name={icon} />
      <p class="grow">{children}</p>
      {action}
    </div>
  );
}
