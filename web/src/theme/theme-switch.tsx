/** The switch between light, dark and the system's look. `use-theme` keeps the choice. */
import { MoonIcon, SunIcon, SystemIcon } from "./icons";
import styles from "./theme-switch.module.css";
import { THEMES, type Theme, useTheme } from "./use-theme";

const LOOKS: Record<Theme, { label: string; icon: typeof SunIcon }> = {
  system: { label: "As the system", icon: SystemIcon },
  light: { label: "Light", icon: SunIcon },
  dark: { label: "Dark", icon: MoonIcon },
};

/** Three radio buttons that look like one switch. */
export function ThemeSwitch() {
  const [theme, choose] = useTheme();
  return (
    <fieldset className={styles.switch}>
      <legend className="visually-hidden">Colours</legend>
      {THEMES.map((option) => {
        const { label, icon: Icon } = LOOKS[option];
        return (
          <label key={option} className={styles.option} title={label}>
            <input
              className="visually-hidden"
              type="radio"
              name="theme"
              checked={theme === option}
              onChange={() => choose(option)}
            />
            <Icon />
            <span className="visually-hidden">{label}</span>
          </label>
        );
      })}
    </fieldset>
  );
}
