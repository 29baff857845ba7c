// The main job in a real browser: from the settings page to a meeting that doctor and patient enter, in both modes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCOUNT, DOCTOR1, OAUTH, cancelMeeting, choose, confirmHosts, fillLogIn, logIn, makeMeeting, page, site, stranger, zoom,
} from './clinic.mjs';

test('Server-to-Server: the administrator sets it up, the doctor only starts', async () => {
  const admin = await logIn(site.admin);
  await choose(admin, 's2s', ACCOUNT);
  const secret = admin.locator('[name="telemed_settings[s2s_client_secret]"]');
  assert.equal(await secret.inputValue(), '', 'the stored secret does not come back');

  await admin.locator('#telemed-check-button').click();
  await admin.locator('#telemed-check-result').waitFor();
  assert.equal(await admin.locator('#telemed-check-result').getAttribute('data-passed'), '1');

  await confirmHosts(admin);

  await makeMeeting(admin, 'Dora Example');
  const [meeting] = (await zoom('GET', 'state')).meetings;
  assert.equal(meeting.host_id, DOCTOR1);
  assert.equal(meeting.start_time, '2031-01-14T08:30:00Z', '09:30 in Berlin');
  assert.equal(meeting.settings.waiting_room, true);

  const doctor = await logIn(site.doctor1);
  await page(doctor, 'telemed-meetings');
  await doctor.locator('.telemed-start').first().click();
  await doctor.waitForURL(`${site.fake_http}/s/**`);
  assert.match(await doctor.locator('body').innerText(), /host/i);

  await cancelMeeting(admin);
  assert.deepEqual((await zoom('GET', 'state')).meetings, []);
});

test('OAuth 2.0: the doctor declines, then authorizes, and hosts the meeting', async () => {
  const admin = await logIn(site.admin);
  await choose(admin, 'oauth', OAUTH);

  const doctor = await logIn(site.doctor1);
  await doctor.goto(`${site.url}/wp-admin/profile.php`);
  await doctor.locator('[form=telemed-authorize-form]').click();
  await doctor.waitForURL(`${site.fake_http}/oauth/authorize**`);
  await doctor.locator('#decline').click();
  await doctor.waitForURL(`${site.url}/wp-admin/profile.php**`);
  assert.equal(await doctor.locator('#telemed-connected').count(), 0);
  await doctor.waitForFunction(() => document.activeElement?.id === 'telemed-zoom');
  const told = await doctor.locator('#telemed-result').boundingBox();
  assert.ok(told.y >= 0 && told.y + told.height <= doctor.viewportSize().height, 'what came of it is seen without scrolling');
  assert.match(await doctor.locator('#telemed-result').innerText(), /declined/);

  await doctor.locator('[form=telemed-authorize-form]').click();
  await doctor.waitForURL(`${site.fake_http}/oauth/authorize**`);
  await doctor.locator('#user').selectOption({ value: DOCTOR1 });
  await doctor.locator('#authorize').click();
  await doctor.locator('#telemed-connected').waitFor();
  assert.doesNotMatch(doctor.url(), /code=|state=/, 'the address is clean');

  await makeMeeting(doctor);
  const [meeting] = (await zoom('GET', 'state')).meetings;
  assert.equal(meeting.host_id, DOCTOR1);

  const patient = await stranger();
  await patient.goto(await doctor.locator('.telemed-join').first().getAttribute('href'));
  assert.match(await patient.locator('body').innerText(), /participant/i);

  await cancelMeeting(doctor);
  assert.deepEqual((await zoom('GET', 'state')).meetings, []);
});

test('Start leads through the log-in and on to Zoom', async () => {
  const admin = await logIn(site.admin);
  await choose(admin, 's2s', ACCOUNT);
  await confirmHosts(admin);
  await makeMeeting(admin, 'Dora Example');
  const doctor = await logIn(site.doctor1);
  await page(doctor, 'telemed-meetings');
  const start = await doctor.locator('.telemed-start').first().getAttribute('href');

  const visitor = await stranger();
  await visitor.goto(start);
  await fillLogIn(visitor, site.doctor1);
  await visitor.waitForURL(`${site.fake_http}/s/**`);
  await cancelMeeting(admin);
});
