/** How to bring somebody in: the address to copy, and a window of this browser in which to be somebody else. */
import { useState } from "react";
import { SOMEONE_ELSE } from "../../session/window-storage";
import { CopyIcon, WindowIcon } from "../../theme/icons";
import { copyText } from "./copy-text";
import styles from "./invite.module.css";

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export function Invite({
  location = window.location,
}: {
  location?: Pick<Location, "origin" | "pathname" | "hostname">;
}) {
  const [copied, setCopied] = useState<boolean | null>(null);
  const address = location.origin + location.pathname;

  const copy = async () => setCopied(await copyText(address));

  return (
    <section className={styles.invite} aria-labelledby="invite-title">
      <h2 id="invite-title">Bring someone in</h2>
      <p>
        {LOOPBACK.test(location.hostname)
          ? "This address works on this computer."
          : "Anyone who can reach this address can knock."}
      </p>
      <div className={styles.address}>
        <output data-testid="room-address">{address.replace(/^https?:\/\//, "").replace(/\/$/, "")}</output>
        <button
          type="button"
          className="icon-button"
          aria-label="Copy the address"
          title="Copy the address"
          onClick={copy}
        >
          <CopyIcon />
        </button>
      </div>
      <p role="status" className={styles.said}>
        {copied === true && "Copied."}
        {copied === false && "Copying is not allowed here. Select the address instead."}
      </p>
      <a
        className="button"
        href={`${location.pathname}${SOMEONE_ELSE}`}
        target="_blank"
        rel="noopener"
        data-testid="second-window"
      >
        <WindowIcon /> Open a second window
      </a>
      <p className={styles.small}>In it you can be somebody else, to see both sides.</p>
    </section>
  );
}
