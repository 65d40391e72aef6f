/** How this window looks and sounds; kept in this window only. */
import { Button, SegmentedControl, Slider, Switch, useMantineColorScheme } from '@mantine/core';
import { setPreferences, usePreferences } from '../../app/preferences.ts';
import { playAlarm } from '../../app/sound.ts';
import { Panel } from '../../components/Page.tsx';
import { Priority } from '../../components/Priority.tsx';

export function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: false });
  const { sound, volume, singleKeys } = usePreferences();
  return (
    <div className="settings-grid">
      <Panel title="Light">
        <div className="stack">
          <SegmentedControl
            aria-label="Colour scheme"
            value={colorScheme}
            onChange={(v) => setColorScheme(v as typeof colorScheme)}
            data={[
              { value: 'dark', label: 'Dark' },
              { value: 'light', label: 'Light' },
              { value: 'auto', label: 'As the system' },
            ]}
          />
          <p className="dim">Dark for a dim room, light for a bright one. Priorities keep their colour, shape and number in both.</p>
        </div>
      </Panel>
      <Panel title="Alarm sound">
        <div className="stack">
          <Switch
            label="Sound on new alarms"
            checked={sound}
            onChange={(e) => setPreferences({ sound: e.currentTarget.checked })}
            size="md"
          />
          <div>
            <span id="volume-label" className="small">
              Volume
            </span>
            <Slider
              aria-labelledby="volume-label"
              thumbLabel="Volume"
              value={volume * 100}
              onChange={(v) => setPreferences({ volume: v / 100 })}
              min={5}
              max={100}
              label={null}
              disabled={!sound}
            />
          </div>
          <div className="row wrap">
            {([1, 2, 3, 4] as const).map((p) => (
              <Button key={p} disabled={!sound} onClick={() => playAlarm(p)} leftSection={<Priority priority={p} size={16} />}>
                Hear it
              </Button>
            ))}
          </div>
          <p className="dim">Priority 1 repeats every 10 seconds until it is acknowledged. m mutes for ten minutes.</p>
        </div>
      </Panel>
      <Panel title="Keyboard and tour">
        <div className="stack">
          <Switch
            label="Single-key shortcuts"
            description="Switch off when speech input or a keyboard aid types letters by itself."
            checked={singleKeys}
            onChange={(e) => setPreferences({ singleKeys: e.currentTarget.checked })}
            size="md"
          />
          <div className="row">
            <Button onClick={() => setPreferences({ tourSeen: false })}>Show the tour again</Button>
          </div>
        </div>
      </Panel>
    </div>
  );
}
