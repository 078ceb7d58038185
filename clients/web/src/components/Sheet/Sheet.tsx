import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { ExitButton } from "../Bar/Bar";
import "./Sheet.css";

interface SheetProps {
  children: ComponentChildren;
  labelledBy: string;
  describedBy?: string;
  /** Esc closes only what loses nothing; without it Esc does nothing. */
  onClose?: (() => void) | undefined;
  alert?: boolean;
  look?: string;
  data?: Record<string, string>;
  /** The content brings its own first line, with Exit in it. */
  ownTop?: boolean;
}

/**
 * Something that lies over the page. The rest is inert, focus goes to its heading and never to a button, so a typed
 * space answers nothing; afterwards focus returns to where it was. Exit is in reach here too.
 */
export function Sheet({ children, labelledBy, describedBy, onClose, alert = false, look = "", data = {}, ownTop = false }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const one = dialog.current;
    const before = document.activeElement;
    let leaving = false;
    // A second Esc closes a dialog in some browsers whatever the page says; a card that asks stays until answered.
    one?.addEventListener("close", () => !leaving && one.isConnected && one.showModal());
    one?.showModal();
    one?.querySelector<HTMLElement>("h1, h2")?.focus();
    return () => {
      leaving = true;
      one?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  useEffect(() => {
    const one = dialog.current;
    const cancel = (event: Event) => {
      event.preventDefault();
      onClose?.();
    };
    one?.addEventListener("cancel", cancel);
    return () => one?.removeEventListener("cancel", cancel);
  }, [onClose]);
  return (
    <dialog
      ref={dialog}
      class={`sheet ${look}`}
      role={alert ? "alertdialog" : "dialog"}
      aria-modal="true"
      aria-labelledby={labelledBy}
      aria-describedby={describedBy}
      {...data}
    >
      {!ownTop && (
        <div class="sheet-top">
          <span />
          <ExitButton />
        </div>
      )}
      {children}
    </dialog>
  );
}
