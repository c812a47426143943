"""Signing in and out, a forgotten password, and the link with which a password is chosen (ACC-01, ACC-03, X-03)."""

from flask import flash, g, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import no_cache
from flask_appbuilder.security.forms import LoginForm_db
from flask_appbuilder.security.views import AuthDBView as FrameworkSignIn
from flask_appbuilder.utils.base import get_safe_redirect
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import Length

from app import security
from app.core import queue
from app.core.errors import BusinessError, NotFound
from app.core.needed import Needed
from app.core.scope import lifted
from app.extensions import db
from app.notices.people import PATH
from app.rules import links, people
from models.people import Person
from views.fields import HouseForm
from views.profile import TwicePassword
from views.roles import NEEDED


class AuthDBView(FrameworkSignIn):
    """Sign in and out; every session begins empty."""

    title = _l("Sign in")

    @expose("/login/", methods=["GET", "POST"])
    @no_cache
    def login(self):
        if g.access.user_id is not None:
            return redirect(self._get_safe_next_url())
        form = LoginForm_db()
        if form.validate_on_submit():
            user = self.appbuilder.sm.auth_user_db(form.username.data, form.password.data)
            following = get_safe_redirect(request.args.get("next", ""))
            if user is None:
                flash(_("User name or password is not right. Try again."), "warning")
                return redirect(self.appbuilder.get_url_for_login_with(following))
            security.enter(user)
            return redirect(following)
        return self.render_template(self.login_template, title=self.title, form=form, appbuilder=self.appbuilder)

    @expose("/logout/", methods=["GET", "POST"])
    @no_cache
    def logout(self):
        """Sign out; a link alone only asks, so that no foreign page signs anybody out."""
        if request.method == "GET" and g.access.user_id is not None:
            return self.render_template("access/leave.html", title=_("Sign out"))
        security.leave()
        return redirect(self.appbuilder.get_url_for_index)


class AskForm(HouseForm):
    """Who has forgotten his password says who he is."""

    username = StringField(_l("User name or e-mail"), [Needed(NEEDED), Length(max=200)],
                           render_kw={"autocomplete": "username", "dir": "auto"})  # fmt: skip


class PasswordLinkView(BaseView):
    """Forgotten passwords, and the page behind the link that is mailed."""

    route_base = ""
    default_view = "ask"

    @expose("/forgotten-password/", methods=["GET", "POST"])
    @no_cache
    def ask(self):
        """Whether there is such an account is not told: the answer is the same, and a job looks for it."""
        form = AskForm(request.form if request.method == "POST" else None)
        if request.method == "POST" and form.validate():
            self._promise(form.username.data)
            lead = _(
                "If there is such an account and it has an e-mail address, a link to a new password is on its way."
            )
            return self._page(_("Look into your mailbox"), None, lead)
        lead = _("Enter your user name or e-mail address. We send you a link with which you choose a new password.")
        return self._page(_("Forgotten your password?"), form, lead, _("Send the link"))

    def _promise(self, given):
        security.attempt(
            db.session, ("ask", given.lower(), security.ASKS),
            ("asker", request.remote_addr or "", security.ASKS_PER_ADDRESS),
        )  # fmt: skip
        with lifted(g.work, "a stranger's request is written down for the house"):
            queue.defer(g.work, "people.forgotten", {"given": given.replace("\0", "")})
            db.session.commit()

    @expose(f"{PATH}<token>", methods=["GET", "POST"])
    @no_cache
    def choose(self, token):
        """Choose a password; looking at the page does not use the link up."""
        try:
            link = links.find(token, g.work)
        except NotFound as error:
            security.attempt(db.session, ("asker", request.remote_addr or "", security.ASKS_PER_ADDRESS))
            return self._page(_("Choose your password"), None, str(error.message)), 404
        form = TwicePassword(request.form if request.method == "POST" else None)
        if request.method == "POST" and form.validate() and self._chosen(token, form):
            security.leave()
            flash(_("Your password is set. Sign in with it. Earlier sessions and API keys have ended."), "success")
            return redirect(self.appbuilder.get_url_for_login)
        person = db.session.get(Person, link.user_id)
        lead = _("User name: %(name)s", name=person.username if person else "")
        return self._page(_("Choose your password"), form, lead, _("Save")), 422 if form.errors else 200

    def _chosen(self, token, form):
        try:
            with lifted(g.work, "who holds the link acts for this one account"), g.work.doing("person.password"):
                person = db.session.get(Person, links.use(token, g.work))
                if person is None or not person.user.active:
                    raise NotFound("bad_link", _("This link is no longer valid. Ask for a new one."))
                people.choose_password(person, form.password.data, g.work)
                db.session.commit()
        except BusinessError as error:
            db.session.rollback()
            form.password.errors = [str(error.message)]
            return False
        return True

    def _page(self, title, form, lead, save=None):
        shown = [(_("Sign in"), self.appbuilder.get_url_for_login)]
        if form is None:
            shown.append((_("Forgotten your password?"), url_for("PasswordLinkView.ask")))
        house = {"lead": lead, "save_label": save, "links": shown}
        return self.render_template("access/ask.html", title=title, form=form, house=house)


def register(appbuilder):
    appbuilder.sm.auth_view = appbuilder.add_view_no_menu(AuthDBView)
    appbuilder.add_view_no_menu(PasswordLinkView)
