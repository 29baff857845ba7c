<?php
/**
 * Whether this site may ask anything of Zoom and tell people: the extension is there, and the site is no copy of another.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Clinic\Guard;
use TelemedZoom\Extension;

defined('ABSPATH') || exit;

final class Permit
{
    public function __construct(private readonly Extension $extension, private readonly Guard $guard)
    {
    }

    public function isGiven(): bool
    {
        return $this->extension->isUsable() && $this->guard->mayAct();
    }
}
